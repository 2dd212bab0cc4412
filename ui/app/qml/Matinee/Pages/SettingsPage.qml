pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// Sections on the left, their choices on the right; subtitles with a picture of how they will look.
FocusScope {
    id: root

    required property QtObject settings
    required property QtObject keys
    // Sections that are a panel of their own have no rows.
    readonly property Item panel: ({ about: about, devices: devices, keys: keysPanel })[settings.section] ?? null

    signal leaving()

    function enter() {
        menu.visible = false
        sections.forceActiveFocus(Qt.OtherFocusReason)
    }
    function goBack() {
        if (menu.visible)
            closeMenu()
        else if (sections.activeFocus || backButton.activeFocus)
            leaving()
        else
            sections.forceActiveFocus(Qt.OtherFocusReason)
    }
    function openMenu(key: string, label: string, line: Item, subject: QtObject) {
        subject.offer(key)
        menu.subject = subject
        menu.model = subject === settings ? settings.choices : subject.options
        menu.fit()
        menu.key = key
        menu.heading = label
        menu.opener = line
        menu.corner = line.mapToItem(root, LayoutMirroring.enabled ? 0 : line.width, line.height + Theme.tiny)
        menu.visible = true
        menu.open()
    }
    function closeMenu() {
        menu.visible = false
        menu.opener?.forceActiveFocus(Qt.PopupFocusReason)
    }

    Accessible.role: Accessible.Pane
    Accessible.name: qsTr("Settings")
    Keys.onEscapePressed: goBack()
    Keys.onBackPressed: goBack()
    Keys.onPressed: event => {
        event.accepted = event.key === Qt.Key_Backspace
        if (event.accepted)
            goBack()
    }

    Rectangle { anchors.fill: parent; color: Theme.background }
    IconButton {
        id: backButton
        objectName: "leaveSettings"
        anchors { left: parent.left; leftMargin: Theme.margin - Theme.px(11) }
        y: Theme.px(30)
        icon: "back"
        name: qsTr("Back")
        onPressed: root.leaving()
        Keys.onDownPressed: sections.forceActiveFocus(Qt.OtherFocusReason)
        Keys.onRightPressed: event => event.accepted = true
        Keys.onLeftPressed: event => event.accepted = true
        Keys.onUpPressed: event => event.accepted = true
    }
    Label {
        anchors { left: backButton.right; leftMargin: Theme.px(12); verticalCenter: backButton.verticalCenter }
        text: qsTr("Settings")
        font.pixelSize: Theme.title
        font.weight: Font.DemiBold
        Accessible.role: Accessible.Heading
    }

    ListView {
        id: sections
        objectName: "sections"
        anchors { left: parent.left; leftMargin: Theme.margin; top: backButton.bottom; topMargin: Theme.wide; bottom: parent.bottom }
        width: Math.round(Math.max(Theme.px(210), Theme.type(210)))
        focus: true
        interactive: false
        spacing: Theme.tiny
        model: root.settings.sections
        currentIndex: 0
        onCurrentIndexChanged: {
            root.settings.showSection(root.settings.sections[currentIndex].key)
            rows.currentIndex = 0
            rows.forceLayout() // the next key finds the rows of this section
        }
        Accessible.role: Accessible.List
        Accessible.name: qsTr("Sections")
        Keys.onUpPressed: currentIndex > 0 ? --currentIndex : backButton.forceActiveFocus(Qt.OtherFocusReason)
        Keys.onDownPressed: currentIndex = Math.min(count - 1, currentIndex + 1)
        Keys.onRightPressed: if (!LayoutMirroring.enabled) content.enter()
        Keys.onLeftPressed: if (LayoutMirroring.enabled) content.enter()
        delegate: Pressable {
            id: section

            required property int index
            required property var modelData
            readonly property bool chosen: ListView.isCurrentItem

            objectName: "section_" + modelData.key
            name: modelData.label
            width: ListView.view.width
            height: Math.max(Theme.control, words.implicitHeight + Theme.gap)
            Accessible.role: Accessible.PageTab
            Accessible.selected: chosen
            onPressed: {
                sections.currentIndex = index
                content.enter()
            }
            Rectangle {
                anchors.fill: parent
                radius: Theme.radius
                color: section.chosen || section.hovered ? Theme.raised : Theme.clear
            }
            Label {
                id: words
                anchors { left: parent.left; leftMargin: Theme.gap; right: parent.right; verticalCenter: parent.verticalCenter }
                text: section.modelData.label
                font.weight: section.chosen ? Font.DemiBold : Font.Normal
                color: section.chosen ? Theme.text : Theme.muted
                Accessible.ignored: true
            }
        }
    }

    FocusScope {
        id: content

        function enter() {
            (root.panel ?? rows).forceActiveFocus(Qt.OtherFocusReason)
        }

        anchors { left: sections.right; leftMargin: Theme.margin; right: parent.right; rightMargin: Theme.margin }
        anchors { top: sections.top; bottom: parent.bottom; bottomMargin: Theme.wide }
        Keys.onLeftPressed: if (!LayoutMirroring.enabled) sections.forceActiveFocus(Qt.OtherFocusReason)
        Keys.onRightPressed: if (LayoutMirroring.enabled) sections.forceActiveFocus(Qt.OtherFocusReason)

        ListView {
            id: rows
            objectName: "settingRows"
            anchors.left: parent.left
            width: Math.min(parent.width, Theme.px(680))
            height: Math.min(contentHeight, parent.height)
            visible: !root.panel
            enabled: visible
            focus: true
            clip: contentHeight > height
            interactive: clip
            boundsBehavior: Flickable.StopAtBounds
            cacheBuffer: 2000 // every row is there, so that none is passed over
            highlightMoveDuration: 0
            spacing: Theme.tight
            model: root.settings.rows
            Accessible.role: Accessible.List
            Accessible.name: qsTr("Settings of this section")
            Keys.onUpPressed: if (currentIndex > 0) --currentIndex
            Keys.onDownPressed: currentIndex = Math.min(count - 1, currentIndex + 1)
            delegate: SettingLine {
                width: ListView.view.width
                onPressed: {
                    rows.currentIndex = index
                    root.openMenu(key, label, this, root.settings)
                }
            }
        }
        SubtitlePreview {
            objectName: "subtitlePreview"
            anchors { top: rows.bottom; topMargin: Theme.wide; left: parent.left }
            width: Math.min(rows.width, Math.max(0, parent.height - rows.height - Theme.wide) * 16 / 9)
            visible: root.settings.section === "subtitles"
            settings: root.settings
        }
        DataUsePanel {
            objectName: "dataUsePanel"
            anchors { top: rows.bottom; topMargin: Theme.wide; left: parent.left }
            width: rows.width
            visible: root.settings.section === "data"
            use: root.settings.dataUse
        }
        DevicesPanel {
            id: devices
            objectName: "devicesPanel"
            anchors.fill: parent
            visible: root.panel === devices
            enabled: visible
            devices: root.settings.devices
            onMenuWanted: (deviceId, name, line) => root.openMenu(deviceId, name, line, root.settings.devices)
        }
        KeysPanel {
            id: keysPanel
            objectName: "keysPanel"
            anchors.fill: parent
            visible: root.panel === keysPanel
            enabled: visible
            keys: root.keys
            onLeaving: sections.forceActiveFocus(Qt.OtherFocusReason)
        }
        AboutPanel {
            id: about
            objectName: "aboutPanel"
            anchors.fill: parent
            visible: root.panel === about
            enabled: visible
            settings: root.settings
        }
    }

    NoticeLine {
        objectName: "settingsNotice"
        anchors { horizontalCenter: parent.horizontalCenter; bottom: parent.bottom; bottomMargin: Theme.wide }
        icon: "warning"
        text: root.settings.notice
    }
    MouseArea {
        anchors.fill: parent
        visible: menu.visible
        onClicked: root.closeMenu()
    }
    OptionMenu {
        id: menu
        objectName: "settingMenu"

        property string key
        property QtObject subject
        property Item opener
        property point corner // the upper outer one, unless that leads over the edge of the page

        x: LayoutMirroring.enabled ? corner.x : corner.x - width
        y: Math.max(Theme.wide, Math.min(corner.y, root.height - height - Theme.wide))
        visible: false
        enabled: visible
        onClosed: root.closeMenu()
        onChosen: choice => {
            root.closeMenu()
            subject.choose(key, choice)
        }
    }
}
