pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// Makes or changes a profile: its picture and name, and how it watches.
FocusScope {
    id: root

    required property QtObject edit

    signal leaving()

    function enter() { name.forceActiveFocus(Qt.OtherFocusReason) }
    function goBack() {
        if (menu.visible)
            menu.close()
        else
            leaving()
    }

    Accessible.role: Accessible.Pane
    Accessible.name: heading.text
    onVisibleChanged: {
        menu.visible = false
        if (visible)
            name.text = edit.name
    }

    Column {
        id: form
        anchors { horizontalCenter: parent.horizontalCenter; top: parent.top }
        width: Math.min(parent.width - 2 * Theme.margin, Theme.px(760))
        spacing: Theme.px(12)

        Label {
            id: heading
            anchors.left: parent.left
            text: root.edit.isNew ? qsTr("New profile") : qsTr("Edit profile")
            font.pixelSize: Theme.title
            font.weight: Font.DemiBold
            Accessible.role: Accessible.Heading
        }
        ListView {
            id: faces
            objectName: "avatars"
            width: parent.width
            height: Theme.px(82)
            orientation: ListView.Horizontal
            spacing: Theme.px(14)
            interactive: false
            keyNavigationEnabled: true
            model: root.edit.avatars
            Accessible.role: Accessible.List
            Accessible.name: qsTr("Picture")
            Keys.priority: Keys.AfterItem
            Keys.onLeftPressed: event => event.accepted = true
            Keys.onRightPressed: event => event.accepted = true
            Keys.onUpPressed: event => event.accepted = true
            Keys.onDownPressed: name.forceActiveFocus(Qt.OtherFocusReason)
            delegate: Pressable {
                id: face

                required property int index
                required property string modelData
                readonly property bool chosen: root.edit.avatar === modelData

                objectName: "avatar_" + modelData
                name: qsTr("Picture %1").arg(index + 1)
                width: Theme.px(72)
                height: width
                anchors.verticalCenter: parent?.verticalCenter
                corner: width / 2
                Accessible.checkable: true
                Accessible.checked: chosen
                onPressed: {
                    faces.currentIndex = index
                    root.edit.chooseAvatar(modelData)
                }
                Avatar { anchors.fill: parent; picture: face.modelData; opacity: face.chosen ? 1 : 0.55 }
                Rectangle {
                    anchors.fill: parent
                    radius: width / 2
                    color: Theme.clear
                    border.width: face.chosen ? Theme.focusWidth : 0
                    border.color: Theme.accent
                }
            }
        }
        Field {
            id: name
            objectName: "profileName"
            width: parent.width
            label: qsTr("Name")
            focus: true
            onTextChanged: if (root.visible) root.edit.setName(text)
            onAccepted: lines.forceActiveFocus(Qt.OtherFocusReason)
            Keys.onUpPressed: faces.forceActiveFocus(Qt.OtherFocusReason)
            Keys.onDownPressed: lines.forceActiveFocus(Qt.OtherFocusReason)
        }
        ListView {
            id: lines
            objectName: "profileLines"
            width: parent.width + 2 * (Theme.focusWidth + Theme.focusGap)
            x: -(Theme.focusWidth + Theme.focusGap)
            height: root.height - y - buttons.height - Theme.px(40)
            clip: true
            spacing: Theme.tight
            topMargin: Theme.focusWidth + Theme.focusGap
            bottomMargin: Theme.focusWidth + Theme.focusGap
            boundsBehavior: Flickable.StopAtBounds
            cacheBuffer: 2000
            model: root.edit.lines
            Accessible.role: Accessible.List
            Accessible.name: heading.text
            Keys.priority: Keys.AfterItem
            Keys.onUpPressed: name.forceActiveFocus(Qt.OtherFocusReason)
            Keys.onDownPressed: buttons.enter()
            delegate: SettingLine {
                objectName: "profile_" + key
                x: Theme.focusWidth + Theme.focusGap
                width: ListView.view.width - 2 * x
                onPressed: {
                    lines.currentIndex = index
                    root.edit.offer(key)
                    menu.setting = key
                    menu.heading = label
                    menu.openAt(this)
                }
            }
        }
    }
    FocusRow {
        id: buttons
        anchors { left: form.left; bottom: parent.bottom; bottomMargin: Theme.px(28) }
        spacing: Theme.gap
        Keys.onUpPressed: lines.forceActiveFocus(Qt.OtherFocusReason)
        Keys.onDownPressed: event => event.accepted = true
        ActionButton {
            objectName: "saveProfile"
            text: qsTr("Save")
            icon: "check"
            primary: true
            enabled: root.edit.ready
            onEnabledChanged: if (!enabled && buttons.activeFocus) buttons.enter()
            onPressed: root.edit.save()
        }
        ActionButton {
            objectName: "cancelProfile"
            text: qsTr("Cancel")
            onPressed: root.leaving()
        }
        ActionButton {
            objectName: "deleteProfile"
            text: qsTr("Delete")
            icon: "erase"
            visible: root.edit.removable
            onVisibleChanged: if (!visible && buttons.activeFocus) buttons.enter()
            onPressed: sure.open()
        }
    }
    NoticeLine {
        objectName: "profileNotice"
        anchors { horizontalCenter: parent.horizontalCenter; bottom: parent.bottom; bottomMargin: Theme.px(84) }
        icon: "warning"
        text: root.edit.error
    }
    ChoiceMenu {
        id: menu
        property string setting
        objectName: "profileMenu"
        anchors.fill: parent
        model: root.edit.options
        onChosen: key => {
            if (setting === "pin" && key === "kept")
                pin.open()
            else
                root.edit.choose(setting, key)
        }
    }
    FormDialog {
        id: pin
        objectName: "pinDialog"
        anchors { fill: parent; topMargin: -Theme.px(96) }
        heading: qsTr("PIN")
        sentence: qsTr("Four to eight digits.")
        firstLabel: qsTr("PIN")
        firstHints: Qt.ImhDigitsOnly
        secret: true
        action: qsTr("Done")
        onClosed: lines.forceActiveFocus(Qt.PopupFocusReason)
        onAccepted: given => root.edit.setPin(given)
    }
    ConfirmDialog {
        id: sure
        objectName: "deleteProfileDialog"
        anchors { fill: parent; topMargin: -Theme.px(96) }
        heading: qsTr("Delete this profile?")
        sentence: qsTr("Its list and its history go with it.")
        action: qsTr("Delete")
        onClosed: buttons.enter()
        onAccepted: root.edit.remove()
    }
}
